"""What every plugin has from one place: options, thresholds, states, memory, output, time limit."""
