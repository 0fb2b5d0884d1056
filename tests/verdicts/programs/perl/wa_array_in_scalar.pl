my @all = (3000000046, 3000000000);
print scalar(@all), "\n";
