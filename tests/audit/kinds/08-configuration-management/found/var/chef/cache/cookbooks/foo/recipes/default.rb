service 'foo' do
  pattern 'foo -d'
  supports status: false
end
execute 'pkill foo'
