begin
  writeln(3.000000046e9);
  writeln(3.0e9);
end.
