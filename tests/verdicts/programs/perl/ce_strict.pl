use strict;
$answer = 1;
print $answer;
