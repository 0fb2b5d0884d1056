class Program
{
    static void Main()
    {
        int answer = "42";
    }
}
