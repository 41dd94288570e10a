"""What Puppet's agent leaves behind of its runs, and what of it is trouble.

Pure over text: whoever calls has read the files, of this machine or of another one.
"""
