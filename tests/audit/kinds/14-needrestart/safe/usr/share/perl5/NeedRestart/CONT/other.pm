package NeedRestart::CONT::other;
