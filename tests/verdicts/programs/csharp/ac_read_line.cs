using System;
using System.Linq;

class Program
{
    static void Main()
    {
        Console.ReadLine();
        var all = Console.ReadLine().Split(' ').Select(long.Parse).ToArray();
        Console.WriteLine(all.Sum());
        Console.WriteLine(all.Max());
    }
}
