"""The commands: wiring, questions and exit codes; one file a command."""
