#!/bin/sh
systemctl stop mysql
