# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::unit' do
  folder = '/etc/systemd/system'

  let(:title) { 'ct0-x.service' }
  let(:facts) { every_os['Debian 12'] }
  let(:params) { { content: "[Service]\n", dropins: { 'a.conf' => "[Unit]\n", 'b.conf' => :undef } } }

  it { is_expected.to compile.with_all_deps }
  it { is_expected.to contain_file("#{folder}/ct0-x.service").with_content("[Service]\n").that_notifies('Exec[systemctl daemon-reload for ct0-x.service]') }
  it { is_expected.to contain_file("#{folder}/ct0-x.service.d").with_ensure('directory').without_purge }
  it { is_expected.to contain_file("#{folder}/ct0-x.service.d/a.conf").with_content("[Unit]\n").that_notifies('Exec[systemctl daemon-reload for ct0-x.service]') }
  it { is_expected.to contain_file("#{folder}/ct0-x.service.d/b.conf").with_ensure('absent') }
  it { is_expected.to contain_exec('systemctl daemon-reload for ct0-x.service').with_refreshonly(true) }

  context 'when absent' do
    let(:params) { super().merge(ensure: 'absent') }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_file("#{folder}/ct0-x.service").with_ensure('absent') }
    it { is_expected.to contain_file("#{folder}/ct0-x.service.d/a.conf").with_ensure('absent') }
    it { is_expected.not_to contain_file("#{folder}/ct0-x.service.d") }
    it { is_expected.to contain_exec("rmdir #{folder}/ct0-x.service.d").that_requires("File[#{folder}/ct0-x.service.d/a.conf]") }
  end
end
