<?php
$line = str_repeat('x', 100000);
while (true) echo $line;
