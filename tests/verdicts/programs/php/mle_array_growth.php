<?php
$rows = [];
while (true) $rows[] = str_repeat('x', 100000);
