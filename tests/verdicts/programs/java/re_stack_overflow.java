public class Main {
    static long depth(long n) { return 1 + depth(n + 1); }

    public static void main(String[] arguments) { System.out.println(depth(0)); }
}
