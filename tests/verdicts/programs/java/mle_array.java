public class Main {
    public static void main(String[] arguments) {
        System.out.println(new int[100_000_000].length);
    }
}
