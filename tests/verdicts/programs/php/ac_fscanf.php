<?php
fscanf(STDIN, "%d", $n);
$numbers = sscanf(fgets(STDIN), "%d %d %d %d %d");
echo array_sum($numbers) . PHP_EOL . max($numbers);
