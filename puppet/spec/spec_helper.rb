# frozen_string_literal: true

require 'fileutils'

RSpec.configure { |c| c.mock_with :rspec }

# puppetlabs_spec_helper 4.0 fails without this folder; rspec-puppet puts the link to this module there.
FileUtils.mkdir_p(File.join(__dir__, 'fixtures', 'modules'))

require 'puppetlabs_spec_helper/module_spec_helper'
require_relative 'every_os'

# Each catalog parses the same manifests again, which is a fourth of the whole time.
module ParsedOnce
  PARSED = {}

  def parse_file(path)
    PARSED[path] ||= super
  end
end
Puppet::Pops::Parser::EvaluatingParser.prepend(ParsedOnce)

RSpec.configure do |c|
  c.extend EveryOS
  c.include EveryOS

  # Debian's own stdlib, without a network; modules put into spec/fixtures/modules come first.
  c.module_path = [c.module_path, '/usr/share/puppet/modules'].join(File::PATH_SEPARATOR)

  # Facts that are not given are not looked for on this machine; rspec-puppet 2 knows no other way.
  c.facter_implementation = :rspec if c.respond_to?(:facter_implementation=)

  # What rspec-puppet 4 takes for the server's address; without it warns once an example.
  c.default_facts = { ipaddress: '192.0.2.1' }

  # Every resource that the module declares is asked for by some example. Only a whole run can
  # tell.
  c.after(:suite) do
    all = Dir.glob(File.join(__dir__, '{classes,defines,type_aliases,functions,unit}/**/*_spec.rb'))
    whole = (all - c.files_to_run.map { |each| File.expand_path(each) }).empty?
    RSpec::Puppet::Coverage.report!(whole ? 60 : nil) unless ENV['COVERAGE'] == 'no'
  end
end
