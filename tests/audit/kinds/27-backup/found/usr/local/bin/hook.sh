#!/bin/sh
pkill -STOP mysqld
