"""What can be typed after `vizkit`: one module a command, each with `main(words) -> exit code`."""
