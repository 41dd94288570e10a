#!/bin/sh
kill -USR1 $(pidof gnome-power-manager)
