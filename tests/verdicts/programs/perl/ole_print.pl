my $line = "x" x 100000;
print $line while 1;
