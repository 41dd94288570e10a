# frozen_string_literal: true

require 'fileutils'
require 'tmpdir'
require 'yaml'

# What an owner says in Hiera, for classes that only ct0 declares.
#
#     describe 'ct0' do
#       context 'with pidof diverted' do
#         let(:hiera_config) { hiera('ct0::shims::divert' => ['pidof']) }
module HieraData
  FOLDER = Dir.mktmpdir('ct0-hiera')
  at_exit { FileUtils.remove_entry(FOLDER) }

  module_function

  # The hiera.yaml of a hierarchy that holds `data`.
  def hiera(data)
    folder = File.join(FOLDER, data.hash.to_s)
    FileUtils.mkdir_p(folder)
    # A name of its own for each: Puppet keeps what it read.
    level = { 'name' => 'said in a spec', 'path' => 'common.yaml', 'datadir' => folder, 'data_hash' => 'yaml_data' }
    File.write(File.join(folder, 'common.yaml'), YAML.dump(data))
    File.write(File.join(folder, 'hiera.yaml'), YAML.dump('version' => 5, 'hierarchy' => [level]))
    File.join(folder, 'hiera.yaml')
  end
end

RSpec.configure { |c| c.include HieraData }
