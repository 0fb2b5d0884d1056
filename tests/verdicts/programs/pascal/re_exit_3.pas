begin
  writeln(3000000046);
  writeln(3000000000);
  halt(3);
end.
