"""The launcher behind `make run`: one supervisor and the processes of a complete wxcode on one machine."""
