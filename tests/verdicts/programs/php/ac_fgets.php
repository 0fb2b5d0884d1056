<?php
fgets(STDIN);
$numbers = array_map('intval', explode(' ', trim(fgets(STDIN))));
echo array_sum($numbers), "\n", max($numbers), "\n";
