begin
  writeln('unclosed);
end.
