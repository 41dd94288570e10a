#!/bin/sh
systemctl poweroff
