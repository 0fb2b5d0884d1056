var
  i: int64;
begin
  i := 0;
  while i >= 0 do i := (i + 1) mod 1000;
end.
