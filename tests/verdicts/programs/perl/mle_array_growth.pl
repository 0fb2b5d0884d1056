my @rows;
push @rows, ("x" x 100000) . @rows while 1;
