public class Main {
    public static void main(String[] arguments) {
        Object text = "text";
        System.out.println((Integer) text);
    }
}
