"""killproc, pidof and their family, that see and signal CT0's own processes only.

One module for each command. Standard library only, and lean: see CONTRIBUTING.md, "Shims".
"""
