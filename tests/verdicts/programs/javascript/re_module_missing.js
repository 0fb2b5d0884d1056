require('module-that-nobody-has');
