<?php
echo intdiv(1, (int) trim(fgets(STDIN)) - 5);
