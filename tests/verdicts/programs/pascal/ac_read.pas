program answer;
var
  n, i: longint;
  x, sum, largest: int64;
begin
  read(n);
  sum := 0;
  largest := low(int64);
  for i := 1 to n do
  begin
    read(x);
    sum := sum + x;
    if x > largest then largest := x;
  end;
  writeln(sum);
  writeln(largest);
end.
