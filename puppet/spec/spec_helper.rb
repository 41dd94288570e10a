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

# Facts that are not given would be looked for on this machine, again for each example: commands are
# run and files read. rspec-puppet 4 can do without; for 2, what was found once is kept.
module GivenFacts
  module Stubbed
    def stub_facts!(facts)
      GivenFacts.given = facts.transform_keys(&:to_s)
      super
    end
  end

  module Value
    def value(name)
      GivenFacts.value(name.to_s) { super }
    end
  end

  class << self
    attr_accessor :given

    def value(name, &find)
      first, *path = name.split('.')
      return path.empty? ? given[first] : given[first].dig(*path) if given&.key?(first)

      (@found ||= {}).fetch(name) { @found[name] = find.call }
    end
  end
end

unless RSpec.configuration.respond_to?(:facter_implementation=)
  require 'facter'
  RSpec::Puppet::Support.prepend(GivenFacts::Stubbed)
  Facter.singleton_class.prepend(GivenFacts::Value)
end

RSpec.configure do |c|
  c.extend EveryOS
  c.include EveryOS

  # Debian's own stdlib, without a network; modules put into spec/fixtures/modules come first.
  c.module_path = [c.module_path, '/usr/share/puppet/modules'].join(File::PATH_SEPARATOR)

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
