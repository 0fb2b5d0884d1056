Answer: <?php echo "3000000046\n3000000000\n";
