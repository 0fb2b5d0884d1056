public class Main {
    public static void main(String[] arguments) {
        System.out.println(3000000046.0 + "\n" + 3000000000.0);
    }
}
