print "unclosed;
