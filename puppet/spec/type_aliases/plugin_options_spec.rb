# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Plugin_options' do
  it { is_expected.to allow_values({}, [], { '-w' => 80, '-k' => true, '--ct' => ['a', 'b'] }, ['-w', '80']) }
  it { is_expected.not_to allow_values({ 'w' => 80 }, { '-w' => "a'b" }, { '-w' => nil }, { '--ct' => [true] }, ["a'b"], '-w 80') }
end
