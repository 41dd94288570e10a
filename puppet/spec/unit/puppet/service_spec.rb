# frozen_string_literal: true

require 'spec_helper'
require_relative '../../../lib/puppet/type/ct0_service_guard'
require_relative '../../../lib/puppet/provider/service/ct0'

# On real nodes with containers the project's own tests show who is stopped.
describe 'services that are looked for' do
  # Somebody who is there: a process of this test's.
  let(:cat) { IO.popen(['cat'], 'r+') }
  let(:victim) { cat.pid }
  let(:type) { Puppet::Type.type(:service) }
  let(:ps) { "UID          PID    PPID  C STIME TTY          TIME CMD\nroot #{victim} 1 0 10:00 ? 00:00:00 /usr/sbin/exampled\n" }

  def service(**parameters)
    type.new({ name: 'exampled', hasstatus: false, provider: :ct0 }.merge(parameters))
  end

  def output(text, status = 0)
    Puppet::Util::Execution::ProcessOutput.new(text, status)
  end

  def own(*pids)
    owner = lambda { |pid| pids.include?(pid) ? PuppetX::Ct0::Ownership::OWN : PuppetX::Ct0::Ownership::SANDBOX }
    allow(PuppetX::Ct0::Ownership).to receive(:new).and_return(instance_double(PuppetX::Ct0::Ownership).tap do |double|
      allow(double).to receive(:owner, &owner)
    end)
  end

  after { cat.close }

  describe 'provider ct0' do
    before do
      own(victim)
      allow(Puppet::Util::Execution).to receive(:execute).and_return(output(ps))
    end

    it 'never is the default' do
      expect(type.provider(:ct0).specificity).to eq(0)
      expect(type.provider(:ct0).instances).to eq([])
    end

    it 'finds a process of its own' do
      expect(service.provider.status).to eq(:running)
    end

    it 'finds none by another pattern' do
      expect(service(pattern: 'other').provider.status).to eq(:stopped)
    end

    it 'asks ps for its own processes only' do
      service.provider.status
      expect(Puppet::Util::Execution).to have_received(:execute).with(['ps', '-ww', '-f', '-p', victim.to_s], any_args).once
    end

    it 'asks ps for nothing where no process is its own' do
      own
      expect(service.provider.status).to eq(:stopped)
      expect(Puppet::Util::Execution).not_to have_received(:execute)
    end

    it 'sends the signal to whom it found' do
      allow(Process).to receive(:kill)
      service.provider.stop
      expect(Process).to have_received(:kill).with(:TERM, victim)
    end

    it 'sends none to a process that took the number over' do
      allow(Process).to receive(:kill)
      provider = service.provider
      allow_any_instance_of(PuppetX::Ct0::OwnProcesses).to receive(:still?).and_return(true, false)
      expect { provider.stop }.to raise_error(Puppet::Error, /Could not kill/)
      expect(Process).not_to have_received(:kill)
    end

    it 'fails when it cannot be told whose the processes are' do
      allow(PuppetX::Ct0::Ownership).to receive(:new).and_raise(PuppetX::Ct0::ForeignProc, '/proc is of another PID namespace')
      expect { service.provider.status }.to raise_error(Puppet::Error, /cannot be told, and none is looked for/)
    end

    it 'fails with another ps' do
      allow(Puppet::Util::Execution).to receive(:execute).and_return(output('', 2))
      expect { service.provider.status }.to raise_error(Puppet::Error, /procps' ps is needed/)
    end

    it 'asks the status command first' do
      provider = service(status: '/bin/true').provider
      allow(provider).to receive(:service_command).and_return(output('', 3))
      expect(provider.status).to eq(:stopped)
    end

    it 'wants something to start' do
      expect { service.provider.start }.to raise_error(Puppet::Error, /has neither an init script nor a start command nor a binary/)
      expect(service(binary: '/usr/sbin/exampled').provider.startcmd).to eq('/usr/sbin/exampled')
    end

    it 'uses an init script that is there' do
      Dir.mktmpdir do |folder|
        File.write(File.join(folder, 'exampled'), '')
        provider = service(path: folder, hasstatus: true).provider
        expect(provider.statuscmd).to eq([File.join(folder, 'exampled'), :status])
        expect(provider.stopcmd).to eq([File.join(folder, 'exampled'), :stop])
      end
    end
  end

  describe 'the guard' do
    def check(service, mode)
      catalog = Puppet::Resource::Catalog.new
      guard = Puppet::Type.type(:ct0_service_guard).new(name: 'services', mode: mode)
      catalog.add_resource(guard, service)
      logs = []
      allow(Puppet::Util::Log).to receive(:create) { |given| logs << given }
      guard.pre_run_check
      logs.reject { |each| each[:level] == :debug }
    end

    it 'warns, with the place' do
      service = service(provider: :base)
      service.file = '/etc/site.pp'
      service.line = 7
      said = check(service, :warn)
      expect(said.map { |each| each.values_at(:level, :file, :line) }).to eq([[:warning, '/etc/site.pp', 7]])
      expect(said[0][:message]).to match(/in the process table \(exampled\).*line: 7\)\z/)
      expect(service.provider.singleton_class.include?(PuppetX::Ct0::ServiceLookup)).to be(false)
    end

    it 'has it looked for safely' do
      service = service(provider: :base)
      expect(check(service, :enforce).map { |each| each[:level] }).to eq([:info])
      own
      expect(service.provider.status).to eq(:stopped)
    end

    it 'passes what nobody looks for' do
      expect(check(service(provider: :base, status: '/bin/true', stop: '/bin/true'), :warn)).to eq([])
      expect(check(service(provider: :systemd), :warn)).to eq([])
      expect(check(service(provider: :ct0), :warn)).to eq([])
    end

    it "warns of an init script without a status, and not of one that has it and isn't there yet" do
      expect(check(service(provider: :init), :warn).length).to eq(1)
      expect(check(service(provider: :init, hasstatus: true), :warn)).to eq([])
    end

    it 'takes no other mode' do
      expect { Puppet::Type.type(:ct0_service_guard).new(name: 'a', mode: 'odd') }.to raise_error(Puppet::Error, /Invalid value/)
    end
  end
end
