public class Main {
    public static void main(String[] arguments) {
        System.out.println(new int[3][arguments.length + 3]);
        System.out.println(arguments[0]);
    }
}
