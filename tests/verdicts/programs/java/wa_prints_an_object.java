public class Main {
    public static void main(String[] arguments) {
        System.out.println(new long[] {3000000046L, 3000000000L});
    }
}
