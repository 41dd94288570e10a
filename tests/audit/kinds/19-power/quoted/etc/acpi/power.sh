#!/bin/sh
# killall foo
logger "killall foo"
