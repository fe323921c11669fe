"""启动器: sets the program up on a bare machine and starts it; standard library only, except ``prepare``."""
