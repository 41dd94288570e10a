# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Check_parameters' do
  it { is_expected.to allow_values({ 'plugin' => 'check_procs' }, { 'plugin' => 'check_procs', 'ensure' => 'absent', 'options' => { '-k' => true }, 'nrpe' => true, 'export' => true }) }
  it { is_expected.not_to allow_values({}, { 'plugin' => 'procs' }, { 'plugin' => 'check_procs', 'ensure' => 'gone' }, { 'plugin' => 'check_procs', 'sudo' => true }) }
end
