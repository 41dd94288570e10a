# frozen_string_literal: true

require 'yaml'

# @summary A document in YAML, as ct0's programs read it.
#
# Not stdlib's: its name and place differ between the releases that this module takes.
Puppet::Functions.create_function(:'ct0::to_yaml') do
  # @param data
  #   What the document says. Keys keep their order; there is no Sensitive in it.
  # @return [String]
  #   The text, without the line of dashes before it.
  # @example
  #   ct0::to_yaml({ 'version' => 1, 'sysctls' => [] })
  dispatch :to_yaml do
    param 'Variant[Hash, Array]', :data
    return_type 'String'
  end

  def to_yaml(data)
    YAML.dump(unshared(data), line_width: -1).delete_prefix("---\n")
  end

  # The same object twice would be an anchor and an alias.
  def unshared(data)
    case data
    when Hash then data.to_h { |key, value| [unshared(key), unshared(value)] }
    when Array then data.map { |value| unshared(value) }
    when String then data.dup
    else data
    end
  end
end
