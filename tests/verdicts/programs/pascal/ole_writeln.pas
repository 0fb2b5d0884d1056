begin
  while true do writeln('again and again and again');
end.
