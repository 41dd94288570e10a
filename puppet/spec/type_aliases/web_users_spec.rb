# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Web_users' do
  hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'

  it { is_expected.to allow_values({}, { 'prometheus' => hash }, { 'a@b.c' => hash, 'd-e' => hash }) }
  it { is_expected.not_to allow_values({ 'a:b' => hash }, { "a'b" => hash }, { '' => hash }, { "a\n" => hash }, { 'prometheus' => 'secret' }, hash) }
end
