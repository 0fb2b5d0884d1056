use strict;
use warnings;
<STDIN>;
my ($sum, $largest) = (0, undef);
for my $x (split ' ', <STDIN>) {
    $sum += $x;
    $largest = $x if !defined $largest || $x > $largest;
}
print "$sum\n$largest\n";
