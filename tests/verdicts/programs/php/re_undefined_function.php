<?php
echo answer();
