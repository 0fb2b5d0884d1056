"""Reader of problem packages in the ICPC/Kattis Problem Package Format (`legacy`, `2023-07`)."""
