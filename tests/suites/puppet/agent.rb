# What `puppet agent` runs (Puppet::Configurer#run), with the compiler in the place of a server.
require 'puppet'
require 'puppet/configurer'
Puppet.initialize_settings(%w[--confdir /root/S/conf --vardir /root/S/var --publicdir /root/S/public --codedir /root/S/code] + ARGV)
Puppet::Util::Log.newdestination(:console)
Puppet::Resource::Catalog.indirection.terminus_class = :compiler
Puppet::Resource::Catalog.indirection.cache_class = :json
Puppet::Node.indirection.terminus_class = :plain
Puppet::Node::Facts.indirection.terminus_class = :facter
Puppet::Transaction::Report.indirection.terminus_class = :processor
Puppet::Transaction::Report.indirection.cache_class = :yaml
Puppet[:reports] = 'none'
Puppet.settings.preferred_run_mode = :agent
Puppet[:code] = File.read(ENV.fetch("MANIFEST"))
c = Puppet::Configurer.new
env = Puppet.lookup(:environments).get!(:production)
Puppet.override(current_environment: env, loaders: Puppet::Pops::Loaders.new(env)) do
  p c.run(pluginsync: false)
end
