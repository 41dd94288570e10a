# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Bcrypt' do
  hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'

  it { is_expected.to allow_values(hash, hash.sub('2y', '2b'), hash.sub('$10$', '$31$')) }
  it { is_expected.not_to allow_values('secret', hash.chop, "#{hash}x", "#{hash}\n", hash.sub('$10$', '$03$'), hash.sub('$10$', '$32$'), '') }
end
