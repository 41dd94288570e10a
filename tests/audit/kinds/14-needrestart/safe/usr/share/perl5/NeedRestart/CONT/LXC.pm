package NeedRestart::CONT::LXC;
